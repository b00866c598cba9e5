/** NATS for a person who wants to see and try what the workers see. All calls reject with UnavailableError when NATS does not answer. */
export interface BusAccess {
  roundTripMs(): Promise<number>;
}
