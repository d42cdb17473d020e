@NullMarked
package com.circleci.runnerinit.nativeimage;

import org.jspecify.annotations.NullMarked;
