/** Who may fire, and how far firing has come; the value of the lease's bucket entry. */
export interface LeaseValue {
  readonly nodeId: string;
  /** Grows by one at each change of holder. */
  readonly term: number;
  /** All fires at or before this moment (epoch ms) are decided, and what came of them is in the log. */
  readonly watermark: number;
  /** Every message of a fire later than the watermark has a higher sequence in the runs stream. */
  readonly runsSequence: number;
  /** What followed from answers up to here is in the log too. */
  readonly resultsSequence: number;
  /** False once given up in an orderly stop: the next node need not wait. */
  readonly held: boolean;
}
