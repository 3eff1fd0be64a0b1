// Which packages bring the software adapter, by distribution. Pure: tested without installing anything.

/** KEY=value lines of /etc/os-release. */
export function parseOsRelease(text) {
  const entries = text.split('\n').map((line) => /^([A-Z_]+)="?([^"]*)"?$/.exec(line.trim()));
  return Object.fromEntries(entries.filter(Boolean).map(([, key, value]) => [key, value]));
}

/**
 * What to install, or null where no recipe is known. Debian 12's own Mesa (22.3) is too old for Dawn, so it
 * comes from backports there; later releases have it in their main suite.
 */
export function installPlan(os) {
  const version = Number.parseFloat(os.VERSION_ID ?? '0');
  if (os.ID === 'debian' && Math.floor(version) === 12) {
    return { suite: 'bookworm-backports', says: 'Mesa from bookworm-backports' };
  }
  const recent = (os.ID === 'debian' && version >= 13) || (os.ID === 'ubuntu' && version >= 24.04);
  return recent ? { suite: 'main', says: 'mesa-vulkan-drivers' } : null;
}
