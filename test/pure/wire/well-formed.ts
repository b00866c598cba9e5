/** True if no half of a surrogate pair stands alone (String.isWellFormed is ES2024). */
export function isWellFormed(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}
