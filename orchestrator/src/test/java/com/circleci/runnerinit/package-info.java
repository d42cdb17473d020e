@NullMarked
package com.circleci.runnerinit;

import org.jspecify.annotations.NullMarked;
