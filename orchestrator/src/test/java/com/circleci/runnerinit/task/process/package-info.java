@NullMarked
package com.circleci.runnerinit.task.process;

import org.jspecify.annotations.NullMarked;
