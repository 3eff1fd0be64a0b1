import { type ComponentChildren, render, type VNode } from 'preact';
import type { Failure } from './remote.ts';
import './style.css';
import { lacksWebGpu, type NoWebGpu } from './webgpu.ts';

const PAGES = [
  ['Inspect', './index.html'],
  ['Train', './train.html'],
  ['Kernels', './kernels.html'],
] as const;
type PageName = (typeof PAGES)[number][0];

/** What all pages have around them. */
export function Shell({
  page,
  adapter,
  children,
}: {
  page: PageName;
  /** The device's name; absent: none is open yet. */
  adapter?: string;
  children: ComponentChildren;
}) {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <span class="name">wgad</span>
        <nav aria-label="Pages">
          <ul>
            {PAGES.map(([name, address]) => (
              <li key={name}>
                <a href={address} aria-current={name === page ? 'page' : undefined}>
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        {adapter && <span class="adapter small soft">{adapter}</span>}
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

/** An error, and what to do about it. */
export const Wrong = ({ failure, children }: { failure: Failure; children?: ComponentChildren }) => (
  <div class="notice wrong" role="alert">
    <p>{failure.message}</p>
    {failure.fix && <p class="soft">{failure.fix}</p>}
    {children}
  </div>
);

const WithoutWebGpu = ({ page, lack }: { page: PageName; lack: NoWebGpu }) => (
  <Shell page={page}>
    <h1>No WebGPU here</h1>
    <p>{lack.why}</p>
    <div class="card">
      <h2>What to do</h2>
      <ul>
        {lack.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ul>
    </div>
    <p class="lead">
      All work of these pages is done by the graphics card of this machine; nothing is sent anywhere. In a
      terminal <code>npx wgad doctor</code> says what this machine has.
    </p>
  </Shell>
);

/** Shows a page, or why it cannot work here; keeps it for use without a network. */
export async function show(page: PageName, content: () => VNode): Promise<void> {
  const root = document.getElementById('page')!;
  const lack = await lacksWebGpu();
  render(lack ? <WithoutWebGpu page={page} lack={lack} /> : content(), root);
  if (import.meta.env.PROD && 'serviceWorker' in navigator) {
    // Without it the page works, as long as there is a network.
    await navigator.serviceWorker.register('./serviceWorker.js').catch(() => {});
  }
}

/** Gives the user a file. */
export function save(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
