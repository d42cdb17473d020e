/* The user's locale, from the environment as POSIX says: LC_ALL, the category, LANG. */
#include "svm_locale.h"

#include <stdlib.h>
#include <string.h>

static svm_locale_props_t locale;

static const char *value_of(const char *category) {
  const char *const variables[] = {"LC_ALL", category, "LANG"};
  for (int i = 0; i < 3; i++) {
    const char *value = getenv(variables[i]);
    if (value != NULL && *value != '\0') {
      return value;
    }
  }
  return "C";
}

static int out_of_memory;

static char *copy(const char *text, size_t length) {
  char *result = strndup(text, length);
  out_of_memory |= result == NULL;
  return result;
}

/* language[_COUNTRY][.encoding][@modifier] */
static void parse(const char *value, char **language, char **country, char **script,
                  char **variant) {
  size_t name = strcspn(value, ".@");
  size_t letters = strcspn(value, "_.@");
  if (letters < 2 || letters > 8 || (name == 5 && strncmp(value, "POSIX", 5) == 0)) {
    *language = copy("en", 2);
    return;
  }
  *language = copy(value, letters);
  if (name > letters + 1) {
    *country = copy(value + letters + 1, name - letters - 1);
  }
  const char *modifier = strchr(value, '@');
  if (modifier == NULL) {
    return;
  }
  modifier++;
  if (strcmp(modifier, "latin") == 0 || strcmp(modifier, "iqtelif") == 0) {
    *script = copy("Latn", 4);
  } else if (strcmp(modifier, "cyrillic") == 0) {
    *script = copy("Cyrl", 4);
  } else if (strcmp(modifier, "devanagari") == 0) {
    *script = copy("Deva", 4);
  } else if (strcmp(modifier, "euro") == 0) {
    *variant = copy("EURO", 4);
  }
}

int svm_initialize_locale(void) {
  parse(value_of("LC_MESSAGES"), &locale.display_language, &locale.display_country,
        &locale.display_script, &locale.display_variant);
  parse(value_of("LC_CTYPE"), &locale.format_language, &locale.format_country,
        &locale.format_script, &locale.format_variant);
  return out_of_memory ? SVM_LOCALE_INITIALIZATION_OUT_OF_MEMORY
                       : SVM_LOCALE_INITIALIZATION_SUCCEEDED;
}

svm_locale_props_t *svm_get_locale(void) { return &locale; }
