export declare class NatsServerNotFound extends Error {}

export interface FoundNatsServer {
  readonly path: string;
  readonly version: string;
  readonly source: string;
}

export declare function findNatsServer(options?: {
  readonly install?: boolean;
  readonly log?: (line: string) => void;
  readonly env?: NodeJS.ProcessEnv;
}): Promise<FoundNatsServer>;
