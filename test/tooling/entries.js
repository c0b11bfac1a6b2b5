/**
 * What can be imported from the package, `nestjs-jwt-extended` itself being `index`: the name of the files in `dist`, and
 * the module in `src`. An entry also stands under `exports` in package.json.
 */
export const ENTRIES = {
  index: 'index.ts',
  passport: 'passport/index.ts',
  testing: 'testing/index.ts',
};

/** What the Nest CLI reads of `dist/schematics` besides the code. */
export const SCHEMATIC_FILES = ['collection.json', 'nest-add.json'];
