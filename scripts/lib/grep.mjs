// Loaded before a test file when the runner was given --grep PATTERN: only tests run whose name, or the name of a test around
// them, matches. tap's own TAP_GREP has a pattern for each level, and so cannot find a test without its suite's name.
import t from 'tap';
import { NOT_SELECTED } from './tap-outcomes.mjs';

const pattern = new RegExp(process.env.NSATLAS_TEST_GREP);

/** A test that starts others has to run for what is in it. */
const hasTests = ({ cb }) => /\.test\(/.test(String(cb));

function filter(test) {
  const { shouldSkipChild } = test;
  test.shouldSkipChild = (extra) => {
    if (!extra.skip && !pattern.test(extra.name ?? '') && !hasTests(extra)) extra.skip = NOT_SELECTED;
    return shouldSkipChild.call(test, extra);
  };
  test.on('subtestAdd', (child) => {
    if (!pattern.test(child.name)) filter(child);
  });
}

filter(t);
