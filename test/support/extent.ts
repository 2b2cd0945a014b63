/** The same tests run in full elsewhere (.ci/run: under other Nodes and as an ordinary user they are short). */
const isShort = process.env['NSATLAS_TEST_SHORT'] !== undefined;

/** How long things come and go in tests that cannot know when they have seen enough, in milliseconds. */
export const CHURN_MS: number = isShort ? 10_000 : 60_000;

/** Namespaces of a test that is about many of them. */
export const MANY_NAMESPACES: number = isShort ? 300 : 2000;
