export interface Part {
  /** Package URL, its identity. */
  readonly ref: string;
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly licence: string;
  /** What has to go along. */
  readonly texts: readonly string[];
  /** Which of our programs hold it. */
  readonly uses: readonly string[];
  /** A program of its own, not a library. */
  readonly isApplication?: boolean;
  /** Of the package it came in. */
  readonly hash?: { readonly alg: string; readonly content: string };
  /** As in go.sum. */
  readonly goSum?: string;
  /** Parts of it that have versions of their own. */
  readonly holds?: readonly { readonly name: string; readonly version: string }[];
}

export declare function allParts(options: {
  readonly root: string;
  readonly goPrograms: readonly { readonly file: string; readonly use: string }[];
  readonly hasDesktop: boolean;
}): Promise<Part[]>;
