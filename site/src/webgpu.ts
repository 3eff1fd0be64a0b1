/** Why there is no WebGPU here, and what to do on this system. */
export interface NoWebGpu {
  readonly why: string;
  readonly steps: readonly string[];
}

/** Null where a page can go on. */
export async function lacksWebGpu(): Promise<NoWebGpu | null> {
  if (!isSecureContext) {
    return {
      why: 'This page came over an address that browsers do not trust with the graphics card.',
      steps: ['Open it over https://, or as http://localhost: npx wgad site serves it there.'],
    };
  }
  if (!('gpu' in navigator) || navigator.gpu === undefined) {
    return { why: 'This browser offers no WebGPU.', steps: browserSteps() };
  }
  if (await navigator.gpu.requestAdapter().catch(() => null)) return null;
  return {
    why: 'This browser knows WebGPU, but found no graphics adapter that it would use.',
    steps: driverSteps(),
  };
}

const isLinux = (): boolean => /Linux/.test(navigator.userAgent) && !/Android/.test(navigator.userAgent);

function browserSteps(): string[] {
  const agent = navigator.userAgent;
  if (/iPhone|iPad/.test(agent))
    return ['Update to iOS or iPadOS 26 or newer: all browsers have WebGPU there.'];
  if (/Android/.test(agent)) return ['Use Chrome 121 or newer, on Android 12 or newer.'];
  if (/Firefox/.test(agent)) {
    return [
      'On Windows, and on Macs with Apple’s own chips: update Firefox to 145 or newer.',
      'Elsewhere use Chrome, Chromium or Edge 113 or newer.',
    ];
  }
  if (/Macintosh/.test(agent))
    return ['Update to macOS 26 for Safari with WebGPU, or use Chrome 113 or newer.'];
  if (isLinux()) {
    return [
      'Use Chrome or Chromium 144 or newer; in older ones switch on chrome://flags/#enable-unsafe-webgpu.',
      'Without a graphics card: chromium --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader',
    ];
  }
  return ['Use Chrome or Edge 113 or newer.'];
}

function driverSteps(): string[] {
  const isFirefox = /Firefox/.test(navigator.userAgent);
  const steps = [
    'Switch hardware acceleration on in the browser’s settings, and start it again.',
    `Update the graphics driver. ${isFirefox ? 'about:support' : 'chrome://gpu'} says what the browser thinks of it.`,
  ];
  if (isFirefox) return [...steps, 'Or use Chrome, Chromium or Edge 113 or newer.'];
  if (!isLinux()) return steps;
  return [
    ...steps,
    'On Linux install Vulkan drivers (Debian and Ubuntu: apt-get install mesa-vulkan-drivers) and switch on chrome://flags/#enable-vulkan.',
    'Without a graphics card: chromium --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader',
  ];
}
