/** The rule that was broken, as the end of a sentence: "must be …". Never quotes the value. */
export class NotAllowed extends Error {
  override readonly name = 'NotAllowed';
}
