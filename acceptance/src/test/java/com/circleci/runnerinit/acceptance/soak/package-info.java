/** Random tasks in great number, each judged by what was foretold of it. */
@NullMarked
package com.circleci.runnerinit.acceptance.soak;

import org.jspecify.annotations.NullMarked;
