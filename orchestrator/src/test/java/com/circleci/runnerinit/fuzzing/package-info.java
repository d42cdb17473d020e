/** What the fuzz targets of the other packages share, and the test that repeats their findings. */
@NullMarked
package com.circleci.runnerinit.fuzzing;

import org.jspecify.annotations.NullMarked;
