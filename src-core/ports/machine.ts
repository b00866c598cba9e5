/** The machine and the process as they are now. */
export interface MachineLook {
  /** Of the first network card that others can reach; '' when there is none. */
  readonly ip: string;
  /** As Node names them: linux, x64. */
  readonly platform: string;
  readonly arch: string;
  readonly cpuCount: number;
  /** 0–100, over the time since the look before, at least a second; undefined at the first. */
  readonly machineCpuPercent: number | undefined;
  readonly machineMemoryBytes: number;
  readonly machineMemoryFreeBytes: number;
  /** 100 = one core; undefined at the first look. */
  readonly processCpuPercent: number | undefined;
  readonly processMemoryBytes: number;
}

export interface Machine {
  /** Cheap: what is younger than a second is given again. */
  look(): MachineLook;
}
