/** Tags as they are typed: with commas between, of either kind. Each once. */
export function splitTags(text: string): readonly string[] {
  return [...new Set(text.split(/[,，]/).map((tag) => tag.trim()).filter((tag) => tag !== ''))];
}
