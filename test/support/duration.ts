/**
 * How long things come and go in tests that cannot know when they have seen enough, in milliseconds: a minute, or ten seconds where the same tests
 * have run for a minute elsewhere (NSATLAS_TEST_SHORT, .ci/run).
 */
export const CHURN_MS: number = process.env['NSATLAS_TEST_SHORT'] === undefined ? 60_000 : 10_000;
