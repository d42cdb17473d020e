/** What the static executable promises, seen from outside, one behaviour a test. */
@NullMarked
package com.circleci.runnerinit.acceptance;

import org.jspecify.annotations.NullMarked;
