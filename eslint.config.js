// Types and promises are checked here; the format is biome's, the direction of imports is scripts/check-architecture.mjs's.
import tseslint from 'typescript-eslint';

/** The clock and the process may not be asked for by rooms that get everything as arguments. */
const IMPURE_GLOBALS = [
  'process',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'fetch',
  'require',
  '__dirname',
  '__filename',
];

const NO_CLOCK = [
  { object: 'Date', property: 'now', message: 'This room is pure: the time is an argument.' },
  { object: 'Math', property: 'random', message: 'This room is pure: the same arguments give the same answer.' },
];

const NO_ENV = [{ object: 'process', property: 'env', message: 'Only src/cli reads the environment; take it as an argument.' }];

export default tseslint.config(
  { ignores: ['dist/', 'build/', 'node_modules/', '.cache/', '**/gen/', '**/*.gen.ts', 'test/fixtures/'] },
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/only-throw-error': 'error',
      // Numbers read well in messages; what is refused is "[object Object]".
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/restrict-plus-operands': ['error', { allowNumberAndString: true }],
      // A call of one expression is returned for brevity (`if (done) return finish();`), not for its value.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // `void` on a promise is the written decision not to wait.
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
      // Indexing is checked by noUncheckedIndexedAccess, under which `!` hides a real question.
      '@typescript-eslint/no-non-null-assertion': 'error',
      // A guard against what the types rule out is right where the bytes come from strangers.
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      // Objects that are maps of attribute names are built by leaving out.
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-deprecated': 'error',
      '@typescript-eslint/unified-signatures': 'off',
      // Classes are told apart by their shape here, and enumerations are unions of strings.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      // Generic readers of JSON say with their one type parameter what the caller expects.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      eqeqeq: 'error',
      // An interface that promises is implemented with `async`, whether or not there is something to wait for.
      '@typescript-eslint/require-await': 'off',
      'no-console': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-restricted-properties': ['error', ...NO_ENV],
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Name what you export.' }],
      'prefer-const': 'error',
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/{kinds,tables,model,fabric,outputs}/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...IMPURE_GLOBALS.map((name) => ({ name, message: 'This room is pure: hand it in as an argument.' })),
      ],
      'no-restricted-properties': ['error', ...NO_ENV, ...NO_CLOCK],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Name what you export.' },
        {
          selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
          message: 'This room is pure: the time is an argument.',
        },
      ],
    },
  },
  { files: ['src/cli/**/*.ts'], rules: { 'no-restricted-properties': 'off', 'no-console': 'off' } },
  {
    files: ['test/**/*.ts'],
    rules: {
      // What t.test() returns is kept by the test around it, which does not end before it.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          ignoreVoid: true,
          allowForKnownSafePromises: [{ from: 'package', package: '@tapjs/core', name: 'PromiseWithSubtest' }],
        },
      ],
      // Only the clock that can be set by hand is taken from there.
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { name: 'node:test', allowImportNames: ['mock'], message: "Tests are written with tap: import t from 'tap'." },
      ],
      // A test says what it knows better than the types: the third row is there, or the test fails.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      'no-console': 'off',
      'no-restricted-properties': 'off',
      // A suite is a list of tests, not a function anybody has to hold in mind.
      'max-lines-per-function': 'off',
    },
  },
  {
    files: ['scripts/**/*.mjs', 'bench/**/*.mjs', 'eslint.config.js'],
    extends: [tseslint.configs.base],
    rules: {
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-unused-vars': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_' }],
    },
  },
);
