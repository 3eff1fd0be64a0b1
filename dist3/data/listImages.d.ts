/** Whether a file's name is that of an image: by extension, in any case; hidden files are not. */
export declare const isImageName: (name: string) => boolean;
/**
 * The images that paths name: files as they are, folders with all they hold, at any depth. Absolute, in the
 * order given, a folder's own sorted by code point; each file once. Hidden files and folders are passed over;
 * a link back to a folder above is followed once.
 * @throws DatasetError for a path that does not exist, and for a folder that holds no image.
 */
export declare function listImages(paths: readonly string[]): Promise<string[]>;
/** Names of the folders in a folder, sorted; empty where there is no such folder. */
export declare function foldersIn(folder: string): Promise<string[]>;
/** Names of the images in a folder (not below it), sorted; empty where there is no such folder. */
export declare function imagesIn(folder: string): Promise<string[]>;
/** Order by code point; JavaScript's own `<` puts U+E000 to U+FFFF after the planes above. */
export declare function compareCodePoints(a: string, b: string): number;
