#include "core/http/dispatcher.h"

#include <gtest/gtest.h>

#include "core/http/authentication.h"
#include "core/http/compression.h"
#include "core/http/xml.h"

namespace hilum::http {
namespace {

class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest() {
    options.body.spool_directory = testing::TempDir();
    options.body.max_size = 1 << 20;
    add(Method::kGet, "/json", [](Request&, Answer& a) { a.json("{\"a b\" : [ 1, \"<\" ], \"k\" : null}"); });
    add(Method::kGet, "/long", [](Request&, Answer& a) { a.json(std::string(5000, '1')); });
    add(Method::kGet, "/nothing", [](Request&, Answer&) {});
    add(Method::kPost, "/nothing", [](Request&, Answer&) {});
    add(Method::kGet, "/int", [](Request&, Answer&) { throw 42; });
    add(Method::kGet, "/std", [](Request&, Answer&) { throw std::runtime_error("secret"); });
    add(Method::kGet, "/late", [](Request&, Answer& a) {
      a.begin("text/plain");
      a.write("begun");
      throw std::runtime_error("late");
    });
    add(Method::kGet, "/twice", [](Request&, Answer& a) {
      a.bytes("text/plain", "first");
      a.bytes("text/plain", "second");
    });
    const Handler echo = [this](Request& r, Answer& a) {
      bodies.push_back(r.body.text());
      if (bodies.back() == "bad") throw Error(HILUM_E_BAD_FORMAT, "this part");
      a.header("X-User", r.user);
      a.bytes("text/plain", std::string(method_name(r.method)) + bodies.back());
    };
    add(Method::kPost, "/echo", echo);
    add(Method::kPut, "/echo", echo);
    add(Method::kDelete, "/echo", echo);
  }
  void add(Method method, const char* pattern, Handler handler) {
    Route route;
    route.method = method;
    route.pattern = pattern;
    route.owner = "test";
    route.handler = std::move(handler);
    router.add(std::move(route));
  }
  CapturedAnswer ask(const std::string& method, const std::string& target, Fields headers = {},
                     std::string body = "", const std::string& address = "127.0.0.1") {
    if (!dispatcher) dispatcher = std::make_unique<Dispatcher>(options, router);
    Request request;
    request.target = target;
    request.headers = std::move(headers);
    request.remote_address = address;
    CapturedAnswer answer;
    if (auto refusal = dispatcher->admit(method, request)) {
      early = true;
      answer.send(std::move(refusal->head), std::move(refusal->body));
      return answer;
    }
    early = false;
    request.body = Body(std::move(body));
    dispatcher->run(request, answer);
    return answer;
  }
  std::string type_of(const CapturedAnswer& answer) {
    const std::string* type = answer.header("content-type");
    return type ? *type : "";
  }

  DispatcherOptions options;
  Router router;
  std::unique_ptr<Dispatcher> dispatcher;
  std::vector<std::string> bodies;
  bool early = false;
};

TEST_F(DispatcherTest, PassingTroubleSaysWhenToComeBack) {
  add(Method::kPost, "/busy", [](Request&, Answer&) { throw Error(HILUM_E_BUSY, "the queue is full"); });
  add(Method::kPost, "/full", [](Request&, Answer&) { throw Error(HILUM_E_FULL_STORAGE); });
  const CapturedAnswer busy = ask("POST", "/busy");
  EXPECT_EQ(busy.status(), 503);
  ASSERT_TRUE(busy.header("retry-after"));
  EXPECT_EQ(*busy.header("retry-after"), "1");
  EXPECT_FALSE(ask("POST", "/full").header("retry-after"));
}

TEST_F(DispatcherTest, RequestsAreMeasuredByTheirRoute) {
  Timer duration;
  Route route;
  route.pattern = "/measured";
  route.owner = "test";
  route.handler = [](Request&, Answer& answer) { answer.bytes("text/plain", "measured"); };
  route.duration = &duration;
  router.add(std::move(route));
  ask("GET", "/measured");
  ask("GET", "/measured");
  ask("GET", "/long");
  EXPECT_EQ(duration.count(), 2);
}

TEST_F(DispatcherTest, ErrorsHaveTheirBody) {
  const auto answer = ask("GET", "/no/such/?q=1");
  EXPECT_EQ(answer.status(), 404);
  EXPECT_TRUE(early);
  EXPECT_EQ(
      answer.body(),
      "{\n\t\"HttpError\" : \"Not Found\",\n\t\"HttpStatus\" : 404,\n\t\"Message\" : \"Unknown resource\",\n"
      "\t\"Method\" : \"GET\",\n\t\"OrthancError\" : \"Unknown resource\",\n\t\"OrthancStatus\" : 17,\n"
      "\t\"Uri\" : \"/no/such\"\n}\n");
  EXPECT_EQ(type_of(answer), "application/json; charset=utf-8");
}

TEST_F(DispatcherTest, ErrorsCanBeKeptShort) {
  options.describe_errors = false;
  const auto answer = ask("GET", "/no");
  EXPECT_EQ(answer.status(), 404);
  EXPECT_EQ(answer.body() + type_of(answer), "");
}

TEST_F(DispatcherTest, ExceptionsBecomeAnswersWithoutInternals) {
  for (const char* path : {"/int", "/std"}) {
    const auto answer = ask("GET", path);
    EXPECT_EQ(answer.status(), 500);
    EXPECT_NE(answer.body().find("\"OrthancStatus\" : -1"), std::string::npos);
    EXPECT_EQ(answer.body().find("secret"), std::string::npos);
  }
  EXPECT_FALSE(ask("GET", "/late").complete());
  EXPECT_EQ(ask("GET", "/twice").body(), "first");
}

TEST_F(DispatcherTest, NoAnswerIsOneToo) {
  EXPECT_EQ(ask("GET", "/nothing").status(), 404);
  const auto answer = ask("POST", "/nothing");
  EXPECT_EQ(answer.status(), 400);
  EXPECT_EQ(answer.body() + type_of(answer), "");
}

TEST_F(DispatcherTest, WrongMethodsAndOptions) {
  const auto wrong = ask("GET", "/echo");
  EXPECT_EQ(wrong.status(), 405);
  EXPECT_EQ(*wrong.header("Allow"), "POST,PUT,DELETE");
  EXPECT_EQ(wrong.body() + type_of(wrong), "");
  EXPECT_EQ(ask("OPTIONS", "/echo").status(), 204);
  EXPECT_EQ(ask("OPTIONS", "*").status(), 204);
  EXPECT_EQ(ask("PATCH", "/echo").status(), 400);
  EXPECT_EQ(ask("get", "/json").status(), 400);
}

TEST_F(DispatcherTest, MethodOverrides) {
  EXPECT_EQ(ask("POST", "/echo", {{"X-HTTP-Method-Override", "put"}}, "x").body(), "PUTx");
  EXPECT_EQ(ask("GET", "/echo", {{"x-http-method-override", "DELETE"}}).body(), "DELETE");
  EXPECT_EQ(ask("GET", "/echo", {{"X-HTTP-Method-Override", "GET"}}).status(), 400);
  EXPECT_EQ(ask("GET", "/echo?_method=Delete").body(), "DELETE");
  EXPECT_EQ(ask("GET", "/echo?_method=POST").status(), 400);
  EXPECT_EQ(ask("POST", "/echo?_method=PUT").body(), "POST");
  EXPECT_EQ(ask("GET", "/echo?_method=PUT", {{"X-HTTP-Method-Override", "DELETE"}}).body(), "DELETE");
}

TEST_F(DispatcherTest, RemoteClientsNeedLeave) {
  EXPECT_EQ(ask("GET", "/json", {}, "", "::1").status(), 200);
  EXPECT_EQ(ask("GET", "/json", {}, "", "127.8.9.1").status(), 200);
  const auto answer = ask("GET", "/json", {}, "", "192.168.1.4");
  EXPECT_EQ(answer.status(), 401);
  EXPECT_NE(answer.header("WWW-Authenticate"), nullptr);
  EXPECT_EQ(answer.body(), "");
}

TEST_F(DispatcherTest, BasicAuthentication) {
  options.authentication_enabled = true;
  options.registered_users = {{"alice", "pa:ss"}, {"bob", ""}};
  EXPECT_EQ(ask("GET", "/json").status(), 401);
  EXPECT_EQ(ask("OPTIONS", "/json").status(), 401);
  EXPECT_EQ(ask("GET", "/no").status(), 401);
  EXPECT_TRUE(early);
  EXPECT_EQ(ask("POST", "/echo", {{"authorization", "bASIC YWxpY2U6cGE6c3M="}}).header("X-User")->c_str(),
            std::string("alice"));
  EXPECT_EQ(ask("GET", "/json", {{"Authorization", "Basic Ym9iOg=="}}).status(), 200);  // bob:
  for (const char* bad : {"Basic YWxpY2U6cGE6c3Q=", "Basic YWxpY2U=", "Basic YWxpY2U6", "Basic !!!!",
                          "Basic ", "Basic", "Bearer YWxpY2U6cGE6c3M=", ""}) {
    EXPECT_EQ(ask("GET", "/json", {{"Authorization", bad}}).status(), 401) << bad;
  }
}

TEST_F(DispatcherTest, NobodyLogsInWithoutUsers) {
  options.authentication_enabled = true;
  EXPECT_EQ(ask("GET", "/json", {{"Authorization", "Basic Og=="}}).status(), 401);
}

TEST_F(DispatcherTest, HooksDecideBeforeRoutesAreJudged) {
  options.authentication_enabled = true;
  options.registered_users = {{"bob", ""}};
  ask("GET", "/json");
  const uint64_t authenticator = dispatcher->add_authenticator([](const RequestView& view) {
    AuthenticationResult result;
    const std::string* token = find_header(view.headers, "Authorization");
    if (token && *token == "Bearer good") result = {AuthenticationResult::Kind::kGranted, "token"};
    if (token && *token == "Bearer bad") result = {AuthenticationResult::Kind::kDenied, ""};
    return result;
  });
  std::vector<std::string> seen;
  const uint64_t filter = dispatcher->add_filter([&](const RequestView& view) {
    seen.push_back(std::string(view.path) + " " + std::string(view.user));
    return view.path != "/json";
  });
  int metrics = 0;
  dispatcher->add_metrics([&](const RequestMetrics& m) { metrics += m.status; });
  EXPECT_EQ(ask("GET", "/json", {{"Authorization", "Bearer good"}}).status(), 403);
  EXPECT_EQ(ask("GET", "/unknown", {{"Authorization", "Bearer good"}}).status(), 404);
  EXPECT_EQ(ask("GET", "/unknown", {{"Authorization", "Bearer bad"}}).status(), 401);
  EXPECT_EQ(ask("GET", "/unknown", {{"Authorization", "Bearer other"}}).status(), 401);
  EXPECT_EQ(ask("GET", "/unknown", {{"Authorization", "Basic Ym9iOg=="}}).status(), 404);
  EXPECT_EQ(seen, (std::vector<std::string>{"/json token", "/unknown token", "/unknown bob"}));
  EXPECT_EQ(metrics, 403 + 404 + 401 + 401 + 404);
  dispatcher->remove_hook(filter);
  EXPECT_EQ(ask("GET", "/json", {{"Authorization", "Bearer good"}}).status(), 200);
  dispatcher->remove_hook(authenticator);
  EXPECT_EQ(ask("GET", "/json", {{"Authorization", "Bearer good"}}).status(), 401);
}

TEST_F(DispatcherTest, XmlForThoseWhoAskExactly) {
  const auto answer = ask("GET", "/json", {{"Accept", "application/xml"}});
  EXPECT_EQ(type_of(answer), "application/xml; charset=utf-8");
  EXPECT_EQ(answer.body(),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root>\n  <item key=\"a b\">\n    <item>1</item>\n"
            "    <item>&lt;</item>\n  </item>\n  <k>null</k>\n</root>\n");
  EXPECT_EQ(type_of(ask("GET", "/json", {{"Accept", "*/*,application/xml"}})),
            "application/json; charset=utf-8");
  EXPECT_EQ(type_of(ask("GET", "/no", {{"Accept", "application/xml"}})), "application/json; charset=utf-8");
}

TEST_F(DispatcherTest, CompressesLongTextOnly) {
  options.compression_enabled = true;
  const auto answer = ask("GET", "/long", {{"Accept-Encoding", "deflate, gzip"}});
  EXPECT_EQ(*answer.header("Content-Encoding"), "gzip");
  EXPECT_EQ(*answer.header("Vary"), "Accept-Encoding");
  EXPECT_EQ(gunzip(Body(answer.body()), options.body).text(), std::string(5000, '1'));
  EXPECT_EQ(*ask("GET", "/long").header("Vary"), "Accept-Encoding");
  EXPECT_EQ(ask("GET", "/json", {{"Accept-Encoding", "gzip"}}).header("Vary"), nullptr);
}

TEST_F(DispatcherTest, GzipRequests) {
  const std::string packed = compress("unpacked", AnswerRules::Coding::kGzip);
  EXPECT_EQ(ask("POST", "/echo", {{"Content-Encoding", "gzip"}}, packed).body(), "POSTunpacked");
  EXPECT_EQ(ask("POST", "/echo", {{"Content-Encoding", "gzip"}}, "raw").status(), 400);
  EXPECT_EQ(ask("POST", "/echo", {{"Content-Encoding", "br"}}, "raw").status(), 415);
  const std::string bomb = compress(std::string(2 << 20, 'x'), AnswerRules::Coding::kGzip);
  EXPECT_EQ(ask("POST", "/echo", {{"Content-Encoding", "gzip"}}, bomb).status(), 413);
}

std::string form(const std::vector<std::pair<std::string, std::string>>& parts) {
  std::string body;
  for (const auto& [disposition, data] : parts) {
    body += "--B\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + data + "\r\n";
  }
  return body + "--B--\r\n";
}

TEST_F(DispatcherTest, FormUploadsPostEachFile) {
  const Fields headers = {{"Content-Type", "multipart/form-data; boundary=B"}};
  const auto good =
      ask("POST", "/echo", headers,
          form({{"name=a; filename=x", "one"}, {"name=note", "no"}, {"name=b; filename=y", "two"}}));
  EXPECT_EQ(good.status(), 200);
  EXPECT_EQ(good.body() + type_of(good), "");
  EXPECT_EQ(bodies, (std::vector<std::string>{"one", "two"}));
  bodies.clear();
  EXPECT_EQ(ask("POST", "/echo", headers, form({{"name=a", "one"}, {"name=b", "two"}})).status(), 200);
  EXPECT_EQ(bodies.size(), 2u);
  bodies.clear();
  const auto bad =
      ask("POST", "/echo", headers, form({{"name=a; filename=x", "bad"}, {"name=b; filename=y", "two"}}));
  EXPECT_EQ(bad.status(), 400);
  EXPECT_NE(bad.body().find("this part"), std::string::npos);
  EXPECT_EQ(bodies, (std::vector<std::string>{"bad"}));
  bodies.clear();
  EXPECT_EQ(ask("POST", "/echo", headers, "--B\r\n\r\ncut").status(), 400);
  EXPECT_TRUE(bodies.empty());
}

TEST_F(DispatcherTest, CallsFromInside) {
  ask("GET", "/json");
  Request request = make_internal_request(Method::kPut, "/echo/?x=1", {}, Body("in"));
  CapturedAnswer answer;
  dispatcher->call(request, answer);
  EXPECT_EQ(answer.body(), "PUTin");
  EXPECT_TRUE(answer.complete());
  Request unknown = make_internal_request(Method::kGet, "/nope");
  CapturedAnswer none;
  dispatcher->call(unknown, none);
  EXPECT_EQ(none.status(), 404);
}

TEST(AnswerChecks, RefusesHeadersThatWouldSplitTheAnswer) {
  CapturedAnswer sink;
  Answer answer(sink);
  EXPECT_THROW(answer.header("X", "a\r\nSet-Cookie: b"), Error);
  EXPECT_THROW(answer.header("X Y", "a"), Error);
  EXPECT_THROW(answer.header("content-length", "3"), Error);
  EXPECT_THROW(answer.status(100), Error);
  answer.header("X", "a");
  answer.header("x", "b");
  answer.begin("text/plain", 3);
  EXPECT_THROW(answer.write("four"), Error);
  answer.write("ab");
  answer.end();
  EXPECT_FALSE(sink.complete());  // shorter than announced
  EXPECT_EQ(*sink.header("X"), "b");
}

}  // namespace
}  // namespace hilum::http
