// Loaded into clang-tidy by scripts/lint.sh, which checks sources in batches: what the compiler and
// clang-tidy say about a source that stands alone, and about nothing that a batch includes.
//   - Each of our files includes what it uses, itself or through what it includes.
//   - A source has no using declaration, namespace alias, constant or inline function of its own
//     that it does not use.
#include <map>
#include <set>
#include <string>
#include <vector>

#include <clang-tidy/ClangTidyCheck.h>
#include <clang-tidy/ClangTidyModule.h>
#include <clang-tidy/ClangTidyModuleRegistry.h>
#include <clang/AST/ASTContext.h>
#include <clang/AST/RecursiveASTVisitor.h>
#include <clang/ASTMatchers/ASTMatchFinder.h>
#include <clang/ASTMatchers/ASTMatchers.h>
#include <clang/Lex/PPCallbacks.h>
#include <clang/Lex/Preprocessor.h>

namespace {
using namespace clang;

/// Which file includes which, and which of them stand behind a file.
class Includes {
 public:
  explicit Includes(const SourceManager& source) : source_(source) {}

  const FileEntry* file_of(SourceLocation place) const {
    return source_.getFileEntryForID(source_.getFileID(source_.getFileLoc(place)));
  }

  void add(SourceLocation from, const FileEntry* to) {
    if (to != nullptr) edges_[file_of(from)].insert(to);
  }

  bool reaches(const FileEntry* from, const FileEntry* to) {
    auto [entry, fresh] = behind_.try_emplace(from);
    std::set<const FileEntry*>& seen = entry->second;
    if (fresh) {
      std::vector<const FileEntry*> open{from};
      seen.insert(from);
      while (!open.empty()) {
        const FileEntry* file = open.back();
        open.pop_back();
        for (const FileEntry* next : edges_[file])
          if (seen.insert(next).second) open.push_back(next);
      }
    }
    return seen.count(to) != 0;
  }

  bool is_ours(SourceLocation place) const {
    return place.isValid() && file_of(place) != nullptr &&
           !source_.isInSystemHeader(source_.getFileLoc(place));
  }

 private:
  const SourceManager& source_;
  std::map<const FileEntry*, std::set<const FileEntry*>> edges_;
  std::map<const FileEntry*, std::set<const FileEntry*>> behind_;
};

struct MacroUse {
  SourceLocation place, definition;
  std::string name;
};

/// Notes the includes of a unit, and the macros that our files use.
class Notes : public PPCallbacks {
 public:
  Notes(Includes& includes, std::vector<MacroUse>& macros) : includes_(includes), macros_(macros) {}

  void InclusionDirective(SourceLocation hash, const Token&, StringRef, bool, CharSourceRange,
                          const FileEntry* file, StringRef, StringRef, const Module*,
                          SrcMgr::CharacteristicKind) override {
    includes_.add(hash, file);
  }

  void MacroExpands(const Token& name, const MacroDefinition& definition, SourceRange range,
                    const MacroArgs*) override {
    const MacroInfo* info = definition.getMacroInfo();
    if (info != nullptr && range.getBegin().isFileID() && includes_.is_ours(range.getBegin()))
      macros_.push_back(
          {range.getBegin(), info->getDefinitionLoc(), name.getIdentifierInfo()->getName().str()});
  }

 private:
  Includes& includes_;
  std::vector<MacroUse>& macros_;
};

enum class Needs { kDeclaration, kDefinition, kNothing };

/// Who is told about the names in our files.
class NameSink {
 public:
  virtual void use(SourceLocation place, const Decl* meant, Needs needs = Needs::kDeclaration) = 0;
  /// A name that its source has for itself.
  virtual void own(const NamedDecl* declaration) = 0;

 protected:
  ~NameSink() = default;
};

/// Walks our declarations and tells of each use of a name and of each name of one source.
class Names : public RecursiveASTVisitor<Names> {
 public:
  explicit Names(NameSink& sink) : sink_(sink) {}

  bool VisitUsingDecl(UsingDecl* declaration) {
    if (!declaration->getDeclContext()->isRecord()) sink_.own(declaration);
    return true;
  }
  bool VisitNamespaceAliasDecl(NamespaceAliasDecl* declaration) {
    sink_.own(declaration);
    return true;
  }
  bool VisitVarDecl(VarDecl* declaration) {
    if (declaration->isFileVarDecl() && !declaration->isExternallyVisible() &&
        !declaration->isReferenced() && declaration->getDescribedVarTemplate() == nullptr)
      sink_.own(declaration);
    return true;
  }
  bool VisitFunctionDecl(FunctionDecl* declaration) {
    if (declaration->isInlined() && !declaration->isExternallyVisible() &&
        !declaration->isReferenced() && !isa<CXXMethodDecl>(declaration) &&
        declaration->getDescribedFunctionTemplate() == nullptr)
      sink_.own(declaration);
    return true;
  }
  bool TraverseNestedNameSpecifierLoc(NestedNameSpecifierLoc qualifier) {
    if (qualifier)
      if (const auto* alias = qualifier.getNestedNameSpecifier()->getAsNamespaceAlias())
        sink_.use(qualifier.getLocalBeginLoc(), alias);
    return RecursiveASTVisitor<Names>::TraverseNestedNameSpecifierLoc(qualifier);
  }
  bool VisitOverloadExpr(OverloadExpr* expression) {
    for (const NamedDecl* candidate : expression->decls())
      sink_.use(expression->getNameLoc(), candidate, Needs::kNothing);
    return true;
  }

  bool VisitDeclRefExpr(DeclRefExpr* expression) {
    sink_.use(expression->getLocation(), expression->getFoundDecl());
    return true;
  }
  bool VisitMemberExpr(MemberExpr* expression) {
    sink_.use(expression->getMemberLoc(), expression->getFoundDecl().getDecl());
    return true;
  }
  bool VisitCXXConstructExpr(CXXConstructExpr* expression) {
    sink_.use(expression->getLocation(), expression->getConstructor());
    return true;
  }
  bool VisitTagTypeLoc(TagTypeLoc type) {
    sink_.use(type.getNameLoc(), type.getDecl());
    return true;
  }
  bool VisitTypedefTypeLoc(TypedefTypeLoc type) {
    sink_.use(type.getNameLoc(), type.getTypedefNameDecl());
    return true;
  }
  bool VisitUsingTypeLoc(UsingTypeLoc type) {
    sink_.use(type.getNameLoc(), type.getFoundDecl());
    return true;
  }
  bool VisitTemplateSpecializationTypeLoc(TemplateSpecializationTypeLoc type) {
    sink_.use(type.getTemplateNameLoc(), type.getTypePtr()->getTemplateName().getAsTemplateDecl());
    return true;
  }
  bool VisitDeducedTemplateSpecializationTypeLoc(DeducedTemplateSpecializationTypeLoc type) {
    sink_.use(type.getTemplateNameLoc(), type.getTypePtr()->getTemplateName().getAsTemplateDecl());
    return true;
  }
  /// A variable, a member and a base need their whole type; a parameter does not.
  bool VisitValueDecl(ValueDecl* declaration) {
    if (isa<VarDecl, FieldDecl>(declaration) && !isa<ParmVarDecl>(declaration))
      use_whole(declaration->getLocation(), declaration->getType());
    return true;
  }
  bool VisitCXXRecordDecl(CXXRecordDecl* record) {
    if (record->isThisDeclarationADefinition())
      for (const CXXBaseSpecifier& base : record->bases())
        use_whole(base.getBeginLoc(), base.getType());
    return true;
  }

 private:
  void use_whole(SourceLocation place, QualType type) {
    const CXXRecordDecl* record = type.isNull() ? nullptr : type->getAsCXXRecordDecl();
    if (record != nullptr && record->hasDefinition())
      sink_.use(place, record->getDefinition(), Needs::kDefinition);
  }

  NameSink& sink_;
};

const Decl* entity(const Decl* meant) {
  if (const auto* shadow = dyn_cast<UsingShadowDecl>(meant)) meant = shadow->getTargetDecl();
  if (const auto* special = dyn_cast<ClassTemplateSpecializationDecl>(meant))
    meant = special->getSpecializedTemplate();
  return meant->getCanonicalDecl();
}

class OwnNames : public tidy::ClangTidyCheck, private NameSink {
 public:
  using ClangTidyCheck::ClangTidyCheck;

  void registerPPCallbacks(const SourceManager& source, Preprocessor* preprocessor,
                           Preprocessor*) override {
    includes_ = std::make_unique<Includes>(source);
    preprocessor->addPPCallbacks(std::make_unique<Notes>(*includes_, macros_));
  }

  void registerMatchers(ast_matchers::MatchFinder* finder) override {
    finder->addMatcher(ast_matchers::translationUnitDecl().bind("unit"), this);
  }

  void check(const ast_matchers::MatchFinder::MatchResult& result) override {
    for (const MacroUse& macro : macros_)
      if (const FileEntry* from = includes_->file_of(macro.definition))
        if (!includes_->reaches(includes_->file_of(macro.place), from))
          say(macro.place, macro.name, from);
    Names names(*this);
    for (Decl* declaration : result.Nodes.getNodeAs<TranslationUnitDecl>("unit")->decls())
      if (includes_->is_ours(declaration->getLocation())) names.TraverseDecl(declaration);
    for (const Borrowed& name : borrowed_)
      if (!has_using(includes_->file_of(name.place), name.meant)) miss(name.place, name.meant);
    for (const NamedDecl* declaration : own_)
      if (!is_used(declaration))
        diag(declaration->getLocation(), "%0 is not used in its source") << declaration;
  }

 private:
  /// Any declaration of what is meant will do, unless the whole of it is needed.
  void use(SourceLocation place, const Decl* meant, Needs needs) override {
    if (meant == nullptr || !includes_->is_ours(place)) return;
    const FileEntry* file = includes_->file_of(place);
    used_.emplace(file, entity(meant));
    const FileEntry* from = includes_->file_of(meant->getLocation());
    if (needs == Needs::kNothing || from == nullptr || includes_->reaches(file, from)) return;
    if (needs == Needs::kDeclaration)
      for (const Decl* other : meant->redecls()) {
        const FileEntry* there = includes_->file_of(other->getLocation());
        if (there == nullptr || includes_->reaches(file, there)) return;
      }
    // A using declaration of another source of the batch may hide the same one of this source.
    if (isa<UsingShadowDecl>(meant) && is_source(from)) return borrowed_.push_back({place, meant});
    miss(place, meant);
  }

  void own(const NamedDecl* declaration) override {
    const SourceLocation place = declaration->getLocation();
    if (includes_->is_ours(place) && is_source(includes_->file_of(place)))
      own_.push_back(declaration);
  }

  static bool is_source(const FileEntry* file) { return file->getName().endswith(".cpp"); }

  bool has_using(const FileEntry* file, const Decl* meant) const {
    for (const NamedDecl* declaration : own_)
      if (const auto* names = dyn_cast<UsingDecl>(declaration);
          names != nullptr && includes_->file_of(names->getLocation()) == file)
        for (const UsingShadowDecl* shadow : names->shadows())
          if (entity(shadow) == entity(meant)) return true;
    return false;
  }

  bool is_used(const NamedDecl* declaration) const {
    const FileEntry* file = includes_->file_of(declaration->getLocation());
    const auto* names = dyn_cast<UsingDecl>(declaration);
    if (names == nullptr) return used_.count({file, entity(declaration)}) != 0;
    for (const UsingShadowDecl* shadow : names->shadows())
      if (used_.count({file, entity(shadow)}) != 0) return true;
    return false;
  }

  void miss(SourceLocation place, const Decl* meant) {
    const auto* named = dyn_cast<NamedDecl>(meant);
    say(place, named == nullptr ? "this" : named->getQualifiedNameAsString(),
        includes_->file_of(meant->getLocation()));
  }

  void say(SourceLocation place, const std::string& name, const FileEntry* from) {
    if (said_.emplace(includes_->file_of(place), from).second)
      diag(place, "include what '%0' comes from: '%1'") << name << from->getName();
  }

  std::unique_ptr<Includes> includes_;
  std::vector<MacroUse> macros_;
  struct Borrowed {
    SourceLocation place;
    const Decl* meant;
  };
  std::vector<const NamedDecl*> own_;
  std::vector<Borrowed> borrowed_;
  std::set<std::pair<const FileEntry*, const Decl*>> used_;
  std::set<std::pair<const FileEntry*, const FileEntry*>> said_;
};

class Module : public tidy::ClangTidyModule {
  void addCheckFactories(tidy::ClangTidyCheckFactories& factories) override {
    factories.registerCheck<OwnNames>("pacs-own-names");
  }
};

const tidy::ClangTidyModuleRegistry::Add<Module> kModule(
    "pacs-names", "Each of our files includes what it uses, and uses its own names.");
}  // namespace
