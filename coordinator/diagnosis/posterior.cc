#include "coordinator/diagnosis/posterior.h"

#include <algorithm>

namespace probemesh::coordinator {
namespace {

constexpr int64_t kTemperature = 2;
constexpr Millinats kPriceOfSecondFault = -3000;
constexpr Millinats kPairWorthSearching = 3000;
constexpr size_t kPairSeeds = 10;
constexpr size_t kMaxKept = 256;

// Log-likelihoods under each hypothesis as if it affected the seat, and under none.
struct Table {
  std::vector<std::vector<Millinats>> affected;  // [hypothesis][seat]
  std::vector<Millinats> passing;
};

Table Tabulate(const Scene& scene, const std::vector<Hypothesis>& hypotheses) {
  Table table;
  for (const Hypothesis& hypothesis : hypotheses) {
    std::vector<Millinats>& row = table.affected.emplace_back();
    for (size_t i = 0; i < scene.size(); ++i) {
      row.push_back(Sum(LogLikelihood(scene, i, hypothesis.effect)));
    }
  }
  for (size_t i = 0; i < scene.size(); ++i) {
    table.passing.push_back(Sum(LogLikelihood(scene, i, Effect())));
  }
  return table;
}

class Search {
 public:
  Search(const Scene& scene, const std::vector<Hypothesis>& hypotheses)
      : scene_(scene), hypotheses_(hypotheses), table_(Tabulate(scene, hypotheses)) {}

  Explanation Single(size_t h) const {
    Explanation explanation{&hypotheses_[h]};
    explanation.score = hypotheses_[h].prior + Likelihood(explanation);
    return explanation;
  }

  Explanation Pair(size_t a, size_t b) const {
    Explanation explanation{&hypotheses_[a], &hypotheses_[b]};
    if (Accounts(explanation, explanation.primary) < Accounts(explanation, explanation.secondary)) {
      std::swap(explanation.primary, explanation.secondary);
    }
    explanation.score =
        hypotheses_[a].prior + hypotheses_[b].prior + kPriceOfSecondFault + Likelihood(explanation);
    return explanation;
  }

  // Both must be needed: each acts on somebody on whom the other does not. Two path faults that
  // together stop everybody are what the prefix hypotheses say with one cause.
  bool Worthwhile(size_t a, size_t b) const {
    const bool both_path = hypotheses_[a].rank == Hypothesis::Rank::kPath &&
                           hypotheses_[b].rank == Hypothesis::Rank::kPath;
    if (both_path && scene_.AllFailing()) return false;
    const Explanation pair{&hypotheses_[a], &hypotheses_[b]};
    return Accounts(pair, pair.primary) > 0 && Accounts(pair, pair.secondary) > 0;
  }

  Millinats SurpriseOf(const Explanation& explanation, size_t seat) const {
    Millinats best = table_.passing[seat];
    for (const auto& row : table_.affected) best = std::max(best, row[seat]);
    return best - At(explanation, seat);
  }

 private:
  size_t Index(const Hypothesis* hypothesis) const {
    return static_cast<size_t>(hypothesis - hypotheses_.data());
  }

  Millinats At(const Explanation& explanation, size_t seat) const {
    const Hypothesis* acting = explanation.ActingOn(seat);
    return acting == nullptr ? table_.passing[seat] : table_.affected[Index(acting)][seat];
  }

  Millinats Likelihood(const Explanation& explanation) const {
    Millinats sum = 0;
    for (size_t i = 0; i < scene_.size(); ++i) {
      sum += At(explanation, i) * scene_.weights[i] / 1000;
    }
    return sum;
  }

  int64_t Accounts(const Explanation& explanation, const Hypothesis* fault) const {
    int64_t weight = 0;
    for (size_t i = 0; i < scene_.size(); ++i) {
      if (scene_.failing[i] && explanation.ActingOn(i) == fault) weight += scene_.weights[i];
    }
    return weight;
  }

  const Scene& scene_;
  const std::vector<Hypothesis>& hypotheses_;
  Table table_;
};

void Rank(std::vector<Explanation>* explanations) {
  std::stable_sort(explanations->begin(), explanations->end(),
                   [](const Explanation& a, const Explanation& b) { return a.score > b.score; });
}

Millinats TotalSurprise(const Scene& scene, const Search& search, const Explanation& explanation) {
  Millinats sum = 0;
  for (size_t i = 0; i < scene.size(); ++i) {
    sum += search.SurpriseOf(explanation, i) * scene.weights[i] / 1000;
  }
  return sum;
}

// Greedy, as in Flock: the best single explanations, each with one more fault.
void AddPairs(const Search& search, size_t hypotheses, const Hypothesis* first,
              std::vector<Explanation>* ranked) {
  const std::vector<Explanation> singles = *ranked;
  std::vector<bool> seed(hypotheses, false);
  for (size_t s = 0; s < std::min(kPairSeeds, singles.size()); ++s) {
    const size_t a = static_cast<size_t>(singles[s].primary - first);
    seed[a] = true;
    for (size_t b = 0; b < hypotheses; ++b) {
      if (!seed[b] && search.Worthwhile(a, b)) ranked->push_back(search.Pair(a, b));
    }
  }
  Rank(ranked);
}

}  // namespace

const Hypothesis* Explanation::ActingOn(size_t seat) const {
  const bool first = primary->affected[seat];
  const bool second = secondary != nullptr && secondary->affected[seat];
  if (first && second) return primary->rank <= secondary->rank ? primary : secondary;
  if (first) return primary;
  return second ? secondary : nullptr;
}

Posterior Score(const Scene& scene) {
  Posterior posterior;
  posterior.hypotheses = EnumerateHypotheses(scene);
  const Search search(scene, posterior.hypotheses);
  std::vector<Explanation>& ranked = posterior.ranked;
  for (size_t h = 0; h < posterior.hypotheses.size(); ++h) ranked.push_back(search.Single(h));
  Rank(&ranked);
  if (TotalSurprise(scene, search, ranked.front()) > kPairWorthSearching) {
    AddPairs(search, posterior.hypotheses.size(), posterior.hypotheses.data(), &ranked);
  }
  if (ranked.size() > kMaxKept) ranked.resize(kMaxKept);
  std::vector<Millinats> scores;
  for (const Explanation& explanation : ranked) scores.push_back(explanation.score);
  const std::vector<int64_t> shares = Softmax(scores, kTemperature);
  for (size_t i = 0; i < ranked.size(); ++i) ranked[i].share = shares[i];
  posterior.surprise = TotalSurprise(scene, search, ranked.front());
  for (size_t i = 0; i < scene.size(); ++i) {
    posterior.worst_surprise =
        std::max(posterior.worst_surprise, search.SurpriseOf(ranked.front(), i));
  }
  return posterior;
}

Millinats WeightedAtom(const Scene& scene, const Explanation& explanation, Atom atom,
                       const SeatSet& seats) {
  static const Effect& passing = *new Effect();
  Millinats sum = 0;
  for (size_t i = 0; i < scene.size(); ++i) {
    if (!seats[i]) continue;
    const Hypothesis* acting = explanation.ActingOn(i);
    const Effect& effect = acting == nullptr ? passing : acting->effect;
    sum += LogLikelihood(scene, i, effect)[atom] * scene.weights[i] / 1000;
  }
  return sum;
}

}  // namespace probemesh::coordinator
