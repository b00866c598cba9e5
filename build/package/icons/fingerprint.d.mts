export declare const SOURCE: string;
export declare const ICONS: string;
export declare function fingerprintOfIcons(): string;
