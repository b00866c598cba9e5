/** Processor time that this process has had so far, ms: what is measured by it does not grow while others have the machine. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
