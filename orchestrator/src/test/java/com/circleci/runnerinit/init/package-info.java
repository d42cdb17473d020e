@NullMarked
package com.circleci.runnerinit.init;

import org.jspecify.annotations.NullMarked;
