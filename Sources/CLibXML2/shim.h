#ifndef CLIBXML2_SHIM_H
#define CLIBXML2_SHIM_H

// Debian's headers pull in ICU's, whose names clash with Foundation's.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/dict.h>
#include <libxml/xmlerror.h>

#endif
