@NullMarked
package com.circleci.runnerinit.log;

import org.jspecify.annotations.NullMarked;
