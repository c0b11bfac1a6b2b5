/** A file of `src` and its place in the layout. */
export interface Source {
  /** Relative to `src`. */
  readonly path: string;
  readonly lines: number;
  /** What it imports or re-exports, as written. */
  readonly imports: readonly string[];
  /** The files of `src` among these, relative to `src`. */
  readonly dependencies: readonly string[];
  readonly onlyReexports: boolean;
  readonly exportsAll: boolean;
  readonly awaits: boolean;
}

/** One file of `src` imports another; both paths are relative to `src`. */
export interface ImportEdge {
  readonly importer: string;
  readonly imported: string;
}

export const root: string;
export function readSources(): Source[];
export function layerOf(path: string): string;
export function barrelsOf(sources: readonly Source[]): string[];
export function circleIn(sources: readonly Source[]): string[];
export function importEdges(sources: readonly Source[]): ImportEdge[];
export function singleImports(sources: readonly Source[]): ImportEdge[];
