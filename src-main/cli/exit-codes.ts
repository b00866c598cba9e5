/** What the shell and service managers see. 78 and 2 mean that starting again will not help; the others may pass. */
export const EXIT = {
  ok: 0,
  runtime: 1,
  usage: 2,
  newerVersion: 10,
  dependencyMissing: 69,
  internal: 70,
  dataDirLocked: 75,
  config: 78,
  interrupted: 130,
} as const;
