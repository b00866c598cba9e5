export declare class LicenceError extends Error {}
export declare function requireAllowed(part: string, expression: string | undefined): void;
export declare function recognise(text: string): string | undefined;
export declare function licenceTexts(part: string, folder: string, declared?: { readonly licence?: string; readonly author?: string }): string[];
