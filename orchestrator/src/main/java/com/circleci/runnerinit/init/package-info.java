/** The init step: copies the binaries into the volume that the task container shares. */
@NullMarked
package com.circleci.runnerinit.init;

import org.jspecify.annotations.NullMarked;
