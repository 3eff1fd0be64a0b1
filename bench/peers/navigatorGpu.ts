/**
 * Engines for browsers look for `navigator.gpu`; Node has none, and before 21 no navigator at all.
 * @returns what puts `navigator` back as it was
 */
export function provideNavigator(gpu: GPU): () => void {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  // A plain object: Node's own navigator refuses to be inherited from. jax-js reads the user agent.
  const value = { gpu, userAgent: `Node.js/${process.versions.node}` };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true, writable: true });
  return () => {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  };
}
