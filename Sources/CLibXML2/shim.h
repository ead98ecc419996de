#ifndef CLIBXML2_SHIM_H
#define CLIBXML2_SHIM_H

// Debian's headers pull in ICU's, whose names clash with Foundation's.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/dict.h>
#include <libxml/xmlerror.h>

static void clibxml2_discard(void *context, const char *format, ...) {
    (void)context;
    (void)format;
}

// What fails outside of a parser context, such as the conversion of an encoding, is printed to standard error unless the
// calling thread has a handler of its own. Swift cannot define one, as it is variadic.
static inline void clibxml2_silence(void) {
    xmlSetGenericErrorFunc(NULL, clibxml2_discard);
}

#endif
