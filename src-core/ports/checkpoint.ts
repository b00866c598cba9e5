/** How far a stream has been applied to the view. */
export interface Checkpoint {
  readonly stream: string;
  /** Creation time of that stream, as the server tells it. */
  readonly created: string;
  readonly sequence: number;
}
