import { createHash } from 'node:crypto';

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1c2430}
fieldset{border:1px solid #c8d0da;border-radius:.4rem;display:flex;flex-wrap:wrap;gap:1rem;align-items:end}
label{display:block;font-size:.85rem;color:#4a5563}table{border-collapse:collapse;width:100%;margin-top:1rem}
td,th{border-bottom:1px solid #dde3ea;padding:.4rem;text-align:left;vertical-align:top}img{width:8rem;image-rendering:pixelated}
.anomalous{color:#b3131b;font-weight:600}.normal{color:#146c2e}`;

/** Names come from files: they are set as text, never as markup. */
const SCRIPT = `const get = (id) => document.getElementById(id);
const headers = () => (get('token').value ? { authorization: 'Bearer ' + get('token').value } : {});
const cell = (row, text, name) => { const td = row.insertCell(); td.textContent = text; if (name) td.className = name; return td; };
async function loadRuns() {
  const reply = await fetch('v1/runs', { headers: headers() });
  if (!reply.ok) { get('said').textContent = (await reply.json()).error.message; return; }
  get('run').replaceChildren(...(await reply.json()).runs.map(({ name }) => new Option(name)));
  get('said').textContent = '';
}
get('token').addEventListener('change', loadRuns);
get('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const body = new FormData();
  for (const file of get('files').files) body.append('image', file);
  get('said').textContent = 'judging…';
  const reply = await fetch('v1/predict?map=overlay&run=' + encodeURIComponent(get('run').value), { method: 'POST', headers: headers(), body });
  const said = await reply.json();
  get('said').textContent = said.error ? said.error.message : '';
  for (const each of said.results || []) {
    const row = get('rows').insertRow(0);
    cell(row, each.name);
    if (each.error) { cell(row, each.error.message).colSpan = 5; continue; }
    cell(row, each.calibrated.toPrecision(4));
    cell(row, each.verdict || 'no threshold', each.verdict);
    cell(row, each.unfamiliar ? 'unfamiliar' : '');
    cell(row, each.ms.toFixed(0) + ' ms');
    const picture = new Image();
    picture.src = 'data:image/png;base64,' + each.map.data;
    cell(row, '').append(picture);
  }
});
loadRuns();`;

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Content security policy: the page may load and run nothing but itself. */
export const PAGE_POLICY = `default-src 'none'; img-src data:; connect-src 'self'; style-src ${hashOf(STYLE)}; script-src ${hashOf(SCRIPT)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** A page to try the server with. */
export const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>wgad serve</title><meta name="viewport" content="width=device-width">
<style>${STYLE}</style></head><body>
<h1>wgad serve</h1>
<form id="form"><fieldset>
<div><label for="run">Run</label><select id="run"></select></div>
<div><label for="files">Images</label><input id="files" type="file" accept="image/*" multiple required></div>
<div><label for="token">Token, if one is set</label><input id="token" type="password" autocomplete="off"></div>
<button>Judge</button></fieldset></form>
<p id="said" role="status"></p>
<table><thead><tr><th>Image</th><th>Score</th><th>Verdict</th><th></th><th>Time</th><th>Map</th></tr></thead><tbody id="rows"></tbody></table>
<p><a href="openapi.json">OpenAPI</a> · <a href="metrics">metrics</a> · <a href="readyz">readyz</a></p>
<script>${SCRIPT}</script></body></html>
`;
