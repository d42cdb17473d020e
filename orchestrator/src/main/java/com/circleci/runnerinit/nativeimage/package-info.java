/**
 * What takes part in the making of the executable alone: no class here is in it, or is loaded by
 * the tests.
 */
@NullMarked
package com.circleci.runnerinit.nativeimage;

import org.jspecify.annotations.NullMarked;
