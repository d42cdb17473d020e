/** Finds programs and users by their names, with what the container's image has. */
@NullMarked
package com.circleci.runnerinit.lookup;

import org.jspecify.annotations.NullMarked;
