@NullMarked
package com.circleci.runnerinit.lookup;

import org.jspecify.annotations.NullMarked;
