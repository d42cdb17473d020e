/** The {@code native-image} command of an assembled home. */
@NullMarked
package com.circleci.runnerinit.toolchain.driver;

import org.jspecify.annotations.NullMarked;
