/** The page's own style: no font, script or picture is loaded from elsewhere. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5d6875; --paper: #fff; --line: #dde3ea; --pooled: #f1f4f8;
  --normal: #2f6db5; --anomalous: #d9662b; --best: #111; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa7b5; --paper: #14181e; --line: #2c343e;
  --pooled: #1d232b; --normal: #6aa5e8; --anomalous: #f0935c; --best: #fff; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1360px;
  margin: 0 auto; padding: 24px; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 36px 0 8px; }
p.lead { color: var(--soft); margin: 0 0 16px; max-width: 80ch; }
table.numbers { border-collapse: collapse; font-variant-numeric: tabular-nums; }
table.numbers th, table.numbers td { padding: 4px 14px 4px 0; border-bottom: 1px solid var(--line); text-align: right; }
table.numbers th:first-child, table.numbers td:first-child { text-align: left; }
table.numbers th { font-weight: 600; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 560px), 1fr)); gap: 16px; }
.curves { display: flex; flex-wrap: wrap; gap: 16px 32px; } .curves figure { flex: 0 1 420px; min-width: 0; }
figure { margin: 0; } figcaption { font-weight: 600; margin: 8px 0 4px; }
figure.small { max-width: 420px; }
svg { width: 100%; height: auto; display: block; }
.grid { stroke: var(--line); } .tick { fill: var(--soft); font-size: 11px; }
.pooled { fill: var(--pooled); } .best { stroke: var(--best); stroke-width: 1.5; stroke-dasharray: 5 4; }
.own { stroke: var(--best); stroke-width: 1.5; } ul.paths { margin: 4px 0; overflow-wrap: anywhere; }
.mark { stroke: var(--soft); stroke-dasharray: 1 3; }
svg .normal { fill: var(--normal); } svg .anomalous { fill: var(--anomalous); }
svg g path { fill-opacity: .35; }
.curve { fill: none; stroke-width: 2; } .c0 { stroke: var(--anomalous); } .c1 { stroke: var(--normal); }
.c2 { stroke: #3d9970; } .c3 { stroke: #8e5bb5; }
.key span { display: inline-block; margin-right: 18px; } .key i { display: inline-block; width: 11px; height: 11px;
  border-radius: 2px; margin-right: 6px; }
.scroll { overflow-x: auto; } svg.wide { min-width: 560px; } svg.wide .tick { font-size: 13px; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 540px), 1fr)); gap: 18px 24px; }
.item p { margin: 0 0 4px; font-size: 13px; overflow-wrap: anywhere; } .item p.anomalous { color: var(--anomalous); }
.item p.normal { color: var(--normal); }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(80px, 1fr)); gap: 6px; }
.pictures figcaption { font-weight: 400; font-size: 11px; line-height: 1.3; margin: 2px 0 0; color: var(--soft); }
img { display: block; width: 100%; max-width: 160px; border-radius: 3px; } pre { overflow-x: auto; }
h1, dd, td, th, li { overflow-wrap: anywhere; } h3 { font-size: 15px; margin: 22px 0 8px; }
table.numbers th { overflow-wrap: normal; } table.numbers td { white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 18px; } dt { color: var(--soft); } dd { margin: 0; }
`;
