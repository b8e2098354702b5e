// Loaded into clang-tidy by scripts/lint.sh: the checks walk the declarations of our own files and
// not those of the libraries, as clang-tidy does by itself from version 21 on. Nothing found in a
// library is ever shown, and walking Asio takes 90 % of the time of a check.
#include <vector>

#include <clang-tidy/ClangTidyCheck.h>
#include <clang-tidy/ClangTidyModule.h>
#include <clang-tidy/ClangTidyModuleRegistry.h>
#include <clang/AST/ASTContext.h>
#include <clang/ASTMatchers/ASTMatchFinder.h>
#include <clang/ASTMatchers/ASTMatchers.h>

namespace {
using namespace clang;

/// Runs first, when the walk reaches the whole unit, and narrows it to what is not from a system
/// header.
class OwnDeclarations : public tidy::ClangTidyCheck {
 public:
  using ClangTidyCheck::ClangTidyCheck;

  void registerMatchers(ast_matchers::MatchFinder* finder) override {
    finder->addMatcher(ast_matchers::translationUnitDecl().bind("unit"), this);
  }

  void check(const ast_matchers::MatchFinder::MatchResult& result) override {
    std::vector<Decl*> own;
    for (Decl* declaration : result.Nodes.getNodeAs<TranslationUnitDecl>("unit")->decls()) {
      const SourceLocation place = declaration->getLocation();
      if (place.isValid() &&
          !result.SourceManager->isInSystemHeader(result.SourceManager->getExpansionLoc(place)))
        own.push_back(declaration);
    }
    result.Context->setTraversalScope(own);
  }
};

class Module : public tidy::ClangTidyModule {
  void addCheckFactories(tidy::ClangTidyCheckFactories& factories) override {
    factories.registerCheck<OwnDeclarations>("pacs-own-declarations");
  }
};

const tidy::ClangTidyModuleRegistry::Add<Module> kModule(
    "pacs", "Confines the checks to our own declarations.");
}  // namespace
