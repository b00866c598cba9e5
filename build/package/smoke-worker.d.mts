export declare function answerOneRun(options: {
  readonly port: number;
  readonly job: { readonly namespace: string; readonly app: string; readonly name: string };
  readonly deadlineMs: number;
  readonly onListening: () => Promise<unknown>;
}): Promise<string>;
