/**
 * The one error this folder throws on purpose: a schedule, zone or duration that a user wrote
 * cannot be accepted. `field` says where (`second`, `minute`, `hour`, `dayOfMonth`, `month`,
 * `dayOfWeek`, `year`, `expression`, `timezone`, `dst`, `every`, `at`, `duration`), `expression`
 * is the text as given, `message` is a sentence for that user.
 */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
  readonly field: string;
  readonly expression: string;

  constructor(field: string, expression: string, message: string) {
    super(message);
    this.field = field;
    this.expression = expression;
  }
}

/** A piece of user text as it may stand in a message: quoted, and short whatever was sent. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
