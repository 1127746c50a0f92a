// The routes of the plugin, by file.
#pragma once

#include <hilum/cpp/http.h>
#include <hilum/cpp/rest.h>

#include "query.h"

namespace hilum::queries {

// What handlers are given; lives as long as the routes.
struct Context {
  Queries& queries;
  const Rest& rest;
};

void add_query_routes(Routes& routes, const Context& context);     // query_routes.cpp
void add_answer_routes(Routes& routes, const Context& context);    // answer_routes.cpp
void add_retrieve_routes(Routes& routes, const Context& context);  // retrieve_routes.cpp

// {index} of the path. Throws HILUM_E_BAD_TYPE if it is no number, HILUM_E_OUT_OF_RANGE if there is no such answer.
size_t answer_index(const Request& request, const Query& query);

// The identifiers of an answer at the query's level and above it.
dicom::QueryKeys identifiers_of(const rest::Services& services, const Query& query, size_t index);

// `ID` and `Path` of a new query.
void answer_query(Answer& answer, const std::string& id);

}  // namespace hilum::queries
