@NullMarked
package com.circleci.runnerinit.task;

import org.jspecify.annotations.NullMarked;
