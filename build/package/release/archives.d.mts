export interface ArchiveFile {
  readonly name: string;
  readonly data: Buffer;
  readonly isExecutable?: boolean;
}

export declare function tarGz(files: readonly ArchiveFile[], mtime: number): Buffer;
export declare function zip(files: readonly ArchiveFile[], mtime: number): Buffer;
