/**
 * `lexicon-1`: the words that the score is made of, written for this project from everyday financial English. It is no copy of a published list: that of
 * Loughran and McDonald may not be used commercially without a licence. A change of it is another model: give it another name.
 */
export const MODEL = 'lexicon-1'

const listed = (text: string): string[] => text.trim().split(/\s+/)

/** Words that are good or bad by themselves, by how much. */
const WEIGHTS: readonly (readonly [number, readonly string[]])[] = [
  [
    2,
    listed(`boom booming surge surged surges surging soar soared soars soaring skyrocket skyrocketed skyrockets outperform outperformed outperforms
    outstanding exceptional excellent stellar breakthrough triumph bullish windfall`),
  ],
  [
    1,
    listed(`able achieve achieved achievement advantage advantageous attractive beat beats benefit benefited benefits benefiting better boost boosted boosts
    boosting breakthroughs bright brighter buoyant buoyed confidence confident delight delighted efficient encouraged encouraging enhance enhanced enhances
    expansion expanding favorable favourable gain gained gains gaining good great growth healthy honored improve improved improvement improvements improves
    improving innovative leading lucrative milestone momentum opportunities opportunity optimism optimistic outpace outpaced outpacing pleased positive
    profit profitable profitability progress prosper prosperity prosperous rally rallied rallies rallying rebound rebounded rebounding rebounds recover
    recovered recovering recovery recovers resilience resilient reward rewarding robust solid stable stability stabilize stabilized stabilizing strength
    strengthen strengthened strengthening strengthens strong stronger strongest succeed succeeded success successes successful successfully superior support
    supportive sustained thrive thriving top tops upbeat upgrade upgraded upgrades upside upturn vibrant win winning wins won approval approves approved
    sound vigorous brisk firming firmer`),
  ],
  [
    -1,
    listed(`abnormal adverse adversely allegation allegations alleged alleges anemic bearish breach breached breaches burden burdensome challenge challenged
    challenges challenging closure closures complaint complaints concern concerned concerns contraction contracting contracted
    correction curtail curtailed curtailment damage damaged damages danger decelerate decelerated deceleration deficiency deficit delay delayed delays
    delinquencies delinquency delinquent depressed deteriorate deteriorated deteriorates deteriorating deterioration difficult difficulties difficulty
    disappoint disappointed disappointing disappointment disappoints dispute disputes disrupt disrupted disruption disruptions disruptive distress
    distressed downbeat downgrade downgraded downgrades downside downturn doubt doubts drag erode eroded erosion error errors excessive exodus fail failed
    failing fails failure failures fear fears fined fines fragile headwind headwinds hurt hurting hurts idle impair impaired impairment inability
    inadequate ineffective instability insufficient interruption investigation investigations lack lacked lacking lag lagged lagging lawsuit lawsuits
    layoff layoffs litigation lose loses losing loss losses lost miss missed misses missing negative negatively obstacle outage overdue penalties penalty
    pessimism pessimistic plague plagued poor poorer pressure pressured pressures probe problem problems protest recall recalled recalls restrain restrained
    restraining restructuring sanction sanctions selloff setback setbacks severe shortage shortages shortfall shrink shrinking shrank slack sluggish slow
    slowed slower slowing slowdown slows slump slumped slumping slumps soft soften softened softening softer stagnant stagnation strain strained strains
    stress stressed struggle struggled struggles struggling subdued sued suffer suffered suffering suffers suspend suspended suspension tension tensions
    tepid terminate terminated termination threat threaten threatened threatens threats tighter tightened trouble troubled turbulence turmoil
    uncertain uncertainties uncertainty underperform underperformed underperforms undermine unfavorable unfavourable unprofitable unrest unstable
    violate violated violation violations volatile vulnerable warn warned warning warnings warns weak weaken weakened weakening weakens weaker weakness
    weaknesses worried worries worry worse worsen worsened worsening worst writedown writeoff weigh weighed weighing weighs dampen dampened damping
    moderating moderated`),
  ],
  [
    -2,
    listed(`bankrupt bankruptcies bankruptcy catastrophe catastrophic collapse collapsed collapses collapsing crash crashed crashes crashing crises crisis default
    defaulted defaults devastated devastating disaster disastrous fraud fraudulent freefall insolvency insolvent liquidate liquidated liquidation meltdown
    panic plummet plummeted plummets plummeting plunge plunged plunges plunging recession recessionary rout ruin scandal turmoils hacked exploit
    exploited theft stolen embezzlement`),
  ],
]

export const WORDS: ReadonlyMap<string, number> = new Map(
  WEIGHTS.flatMap(([weight, words]) => words.map((word) => [word, weight] as const)),
)

/** Words that say which way something goes; what that means is for what goes there to say. */
export const DIRECTIONS: ReadonlyMap<string, number> = new Map([
  ...listed(`advance advanced advances climb climbed climbing climbs grew grow growing grows higher increase increased increases increasing jump jumped jumping
  jumps raise raised raises raising rise risen rises rising rose up accelerate accelerated accelerates accelerating expand expanded expands hike hiked hikes
  doubled tripled pickup picked elevated exceed exceeded exceeds`).map((word) => [word, 1] as const),
  ...listed(`cut cuts cutting decline declined declines declining decrease decreased decreases decreasing dip dipped dips down drop dropped dropping drops ease
  eased eases easing fall fallen falling falls fell low lower lowered lowering lowers reduce reduced reduces reducing reduction shed sheds sink sinking sank
  slash slashed slashes slid slide slides sliding slip slipped slips tumble tumbled tumbles tumbling diminish diminished halved sunk`).map(
    (word) => [word, -1] as const,
  ),
])

/** Whether more of it is good (1), bad (-1), or neither (0: policy rates are somebody's cost and another's income). */
export const THINGS: ReadonlyMap<string, number> = new Map([
  ...listed(`activity profit assets backlog bookings cash consumption customers deliveries demand dividend dividends earnings ebitda economy employment eps exports
  forecast forecasts gdp guidance hiring income index indices investment jobs margin margins market markets orders outlook output payroll payrolls price
  prices production productivity profits rating ratings revenue revenues sales share shares spending stock stocks subscribers users volume volumes
  wages bitcoin ether ethereum token tokens coin coins futures`).map((word) => [word, 1] as const),
  ...listed(`bankruptcies charge charges claims cost costs debt defaults delinquencies deficits expense expenses fatalities foreclosures inflation inflationary
  joblessness layoffs leverage liabilities losses outflows redemptions risk risks tariff tariffs tax taxes unemployment vacancies volatility churn`).map(
    (word) => [word, -1] as const,
  ),
  ...listed('rate rates interest yield yields federal funds discount target targets').map((word) => [word, 0] as const),
])

/** Turn what follows within three words. `n't` is cut off its verb when a text is taken apart. */
export const NEGATIONS: ReadonlySet<string> = new Set(
  listed(
    'no not never neither nor none without cannot hardly barely isn aren wasn weren don doesn didn won wouldn can couldn shouldn hasn haven hadn lack despite',
  ),
)
/** `won` is a verb too; behind these there must be a `t` for them to say no. */
export const NEEDS_T: ReadonlySet<string> = new Set(listed('won can'))

/** Make the next word, or the one before, count more or less. */
export const DEGREES: ReadonlyMap<string, number> = new Map([
  ...listed(`very highly strongly sharply significantly substantially considerably dramatically extremely severely deeply greatly exceptionally
  steeply massively materially notably markedly`).map((word) => [word, 1.5] as const),
  ...listed('slightly somewhat modestly marginally moderately mildly partly partially little gradually bit').map(
    (word) => [word, 0.5] as const,
  ),
])
