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

// Conversion failures are printed to standard error unless a variadic handler says otherwise, which Swift cannot define.
static inline void clibxml2_silence(void) {
    xmlSetGenericErrorFunc(NULL, clibxml2_discard);
}

#endif
