/** Finds or assembles a GraalVM home to build the executable with. Started from source. */
@NullMarked
package com.circleci.runnerinit.toolchain;

import org.jspecify.annotations.NullMarked;
